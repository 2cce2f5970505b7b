"""Runs the app in a terminal, to whatever end: a key, a signal, a terminal that is gone."""

import asyncio
import signal
import threading
from types import FrameType

from ultra.runtime.action import Interruption
from ultra.runtime.interactive import interactive
from ultra.runtime.loop import Interrupt, leave
from ultra.tui.app import UltraApp

GRACE_S = 3.0
"""How long calls may take to settle once a signal came; a terminal that takes nothing holds up
the app itself, and then nobody else would end it."""

SIGNALS: dict[signal.Signals, Interruption] = {
    signal.SIGINT: "sigint",
    signal.SIGTERM: "sigterm",
    signal.SIGHUP: "sighup",
}


def run(app: UltraApp) -> Interruption | None:
    """Run it to its end; the signal that ended it, None for the user's own doing.

    Raises what failed inside, if something did.
    """

    async def main(interrupt: Interrupt) -> None:
        _listen(interrupt)
        await app.run_async()

    cause = interactive(main)
    if app.failure is not None:
        raise app.failure
    return cause


def _listen(interrupt: Interrupt) -> None:
    """End by a signal even when the loop is held up, which its own handlers could not."""

    def end(number: int, _frame: FrameType | None) -> None:
        if interrupt.signalled:
            leave(number)
        interrupt.signalled = True
        last = threading.Timer(GRACE_S, leave, (number,))
        last.daemon = True
        last.start()
        interrupt.stop(SIGNALS[signal.Signals(number)])

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.remove_signal_handler(number)
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, end)
