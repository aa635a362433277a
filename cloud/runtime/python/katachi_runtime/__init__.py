"""Katachi's Python runtime: what Lambda's own does, over the pipes of `cloud/runtime/node/frames.mjs`."""
