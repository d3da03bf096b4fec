"""The end of a session is felt by the next request of every worker, whatever Redis remembers."""

from serving import WORKERS, ask, entered, restart_cache

from tools.launch.stack import Part, Stack

REQUESTS = 16


def everywhere(stack: Stack, token: str) -> set[int]:
    """The answers of so many requests that every worker has had some."""
    port = stack.services[Part.API].port
    return {
        ask(port, "GET", "/api/v1/resident/me", token=token)[0] for _ in range(WORKERS * REQUESTS)
    }


def test_an_ended_session_opens_nothing_on_any_worker(stack: Stack) -> None:
    lost, kept = (entered(stack, "somebody", "resident") for _ in range(2))
    assert everywhere(stack, lost["access_token"]) == {200}
    port = stack.services[Part.API].port
    path = f"/api/v1/resident/me/sessions/{lost['session_id']}"
    assert ask(port, "DELETE", path, token=kept["access_token"])[0] == 200
    for forget in (nothing, restart_cache):
        forget(stack)
        assert everywhere(stack, lost["access_token"]) == {401}
        assert everywhere(stack, kept["access_token"]) == {200}
    again = {"refresh_token": lost["refresh_token"]}
    assert ask(port, "POST", "/api/v1/open/sessions/refresh", again)[0] == 401


def nothing(_stack: Stack) -> None:
    """As it is."""
