"""A child process ends when it is told to, and when its parent ends."""

import os
import signal
import threading
import time


def begin() -> None:
    """Let Ctrl-C end this process, and the end of its parent too. Every program of this room calls this first."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell starts with SIGINT ignored
    end_with_parent()


def end_with_parent() -> None:
    """Watch the parent from a thread: one that is killed cannot end its children itself."""
    parent = os.environ.get("DELTAS_PARENT")
    if not parent:
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
