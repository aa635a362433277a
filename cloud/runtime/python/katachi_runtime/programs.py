"""Programs of the package and of layers that a function starts by the names that they have on Lambda: `/opt/awscli/aws`
(CDK's bucket deployment). Scripts for Lambda's own Python are run by this one.
"""

import os
import re
import sys

from .modules import when_loaded

_LAMBDA_PYTHON = re.compile(rb"#!\s*(/var/lang/bin/python[\d.]*|/usr/bin/env python[\d.]*)\s")


def install(task_root, opt):
    places = {"/var/task/": task_root, **({"/opt/": opt} if opt else {})}

    def placed(path):
        if not isinstance(path, str) or os.path.exists(path):
            return path
        for prefix, place in places.items():
            here = os.path.join(place, path[len(prefix) :])
            if path.startswith(prefix) and os.path.exists(here):
                return here
        return path

    def command(args):
        program = placed(args[0])
        return [*([sys.executable] if program != args[0] and _is_script(program) else []), program, *args[1:]]

    def change(subprocess):
        real = subprocess.Popen.__init__

        def start(self, args, *rest, **named):
            if isinstance(args, (list, tuple)) and args and not named.get("shell"):
                args = command(args)
            return real(self, args, *rest, **named)

        subprocess.Popen.__init__ = start

    when_loaded("subprocess", change)


def _is_script(path):
    with open(path, "rb") as file:
        return bool(_LAMBDA_PYTHON.match(file.read(64)))
