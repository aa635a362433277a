"""What runs in the process of a Python function: waits to be told which function it is, loads it, and gives it one event
after the other. Behaves as the Python runtimes of Lambda (runtime interface client 4). Standard library alone: it runs
on whichever Python 3 is installed (3.9 or later).
"""

import os
import sys

# AWS: /var/task cannot be written to. Nor is the developer's own directory littered here.
sys.dont_write_bytecode = True

from katachi_runtime.runtime import Runtime  # noqa: E402

# The function sees none of the runtime's own files: the path of this script is the first place that Python searches.
sys.path.remove(os.path.dirname(os.path.abspath(__file__)))

Runtime().run()
