"""The plugin of the worker run: patches before anything else is imported.

    python -m pytest -p tests.worker.patched tests/worker

eventlet must come before sockets and threads are used, and must not come at all in the main run.
"""

import warnings

with warnings.catch_warnings():
    # eventlet says of itself that it is only maintained; see docs/adr/0001.
    warnings.simplefilter("ignore")
    import eventlet

    eventlet.monkey_patch()
    import nameko.messaging  # noqa: F401  # its imports warn as well
