"""A team's code for paper: at the door, on a flyer, shown at a home visit."""

from backend import identity
from backend.kernel.context import Context
from backend.kernel.policy import permitted
from backend.kernel.transaction import outside
from backend.teams import policy
from backend.teams.models import Team


@permitted(policy.to_hand_out_codes)
def team_code(_ctx: Context, team: Team) -> bytes:
    """The mini-program's code that opens this team, where one may apply to sign with it [签约码].

    An image, PNG or JPEG; raises `Unavailable` while WeChat draws none.
    """
    scene, page = identity.team_scene(team.id), identity.wechat_pages().team_page
    with outside():
        return identity.code_image(scene, page)
