"""Finding the nearest team."""

from tools.story.scene import Scene

TITLE = "She finds the team nearest to her and signs with it"
NEEDS = ["/open/teams/nearest"]
HOME = (30.8865, 120.1035)


def play(scene: Scene) -> None:
    """The nearest team first."""
    _find(scene)


def _find(scene: Scene) -> None:
    she, tell = scene.resident, scene.tell
    near = she.get(f"/open/teams/nearest?latitude={HOME[0]}&longitude={HOME[1]}").body
    far = [team["metres"] for team in near]
    first = near[0]
    tell.need(
        she.name,
        "looks for the team nearest to her home",
        f"{first['name']}, {first['institution']['name']}, {first['metres']} m",
        right=far == sorted(far) and len(near) >= 2,
    )
    scene.kept["teams"] = near
