"""`ultra health --probe=prompt`: one tiny prompt to each model, through the ordinary pipeline."""

from ultra.core.profile import forbidden
from ultra.core.request import Prompt, Sampling, said
from ultra.runtime.action import Action, Interruption, Selection
from ultra.runtime.runtime import Runtime
from ultra.runtime.watched import watched

WORDS = "Reply with the word ok."

MOST_TOKENS = 64
"""Room for a word, and for a model that thinks a little first."""

PROBE_S = 15.0
"""How long all of them together may take: they are asked at once."""


def send_probes(runtime: Runtime) -> Interruption | None:
    """Ask every model that the profile names, once each; what interrupted it, None when nothing.

    What came of it is in the log, like that of any call: charged, and admitted by budgets.
    """
    profile = runtime.profile
    members = tuple(
        one.target
        for one in watched(profile, runtime.resolve, lambda _endpoint: ())
        if one.target is not None
        and not one.endpoint.simulated
        and forbidden(profile, one.target) is None
    )
    if not members:
        return None
    prompt = Prompt((said("user", WORDS),), sampling=Sampling(max_output_tokens=MOST_TOKENS))
    action = Action("health", prompt, Selection("probe", members), deadline_s=PROBE_S, cache="off")
    return runtime.perform(action, lambda _interrupt: ()).interrupted
