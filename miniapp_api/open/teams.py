"""Family-doctor teams: of an institution, near a place, one with its people."""

from typing import Any
from uuid import UUID

from flask import Response
from marshmallow import Schema, validate

from backend import contracting, network, teams
from backend.kernel.context import Context, Role
from backend.kernel.paging import Page, Wanted
from miniapp_api import fields
from miniapp_api.access import Audience
from miniapp_api.contract import Api, PageQuery, StrictSchema, gives, lists, page_of

Shown = dict[str, Any]
JPEG = b"\xff\xd8"

api = Api("teams", Audience.OPEN, "/teams")


class HouseSchema(Schema):
    """Where the team works."""

    id = fields.UUID(required=True)
    name = fields.Text(required=True)
    level = fields.choice(network.Level, required=True)
    address = fields.Text(required=True)
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)


class MemberSchema(Schema):
    """Somebody of the team; private phones are never shown."""

    id = fields.UUID(required=True)
    name = fields.Text(50, required=True)
    title = fields.Text(50, required=True)
    role = fields.choice(Role, required=True)
    is_lead = fields.Boolean(required=True)


class TeamSchema(Schema):
    """A team; `signed` residents under contract today, of the `capacity` of its doctors (FD-6)."""

    id = fields.UUID(required=True, attribute="team.id")
    name = fields.Text(required=True, attribute="team.name")
    introduction = fields.Text(2000, required=True, attribute="team.introduction")
    is_accepting = fields.Boolean(required=True, attribute="team.is_accepting")
    institution = fields.Nested(HouseSchema, required=True)
    members = fields.List(fields.Nested(MemberSchema), required=True)
    signed = fields.Whole(0, 10**9, required=True)
    capacity = fields.Whole(0, 10**9, required=True)


class NearTeamSchema(TeamSchema):
    """A team and how far it is, as the crow flies."""

    metres = fields.Whole(0, 10**8, required=True)


class TeamsQuery(PageQuery):
    """Whose teams."""

    institution_id = fields.UUID(required=True)


class PlaceSchema(StrictSchema):
    """A place in degrees, GCJ-02 as WeChat's maps give it."""

    latitude = fields.Float(required=True, validate=validate.Range(-90, 90, error="纬度有误"))
    longitude = fields.Float(required=True, validate=validate.Range(-180, 180, error="经度有误"))


def shown(ctx: Context, profile: teams.Profile) -> Shown:
    """A team and how many residents its doctors may have."""
    return {
        "team": profile.team,
        "institution": profile.institution,
        "members": profile.members,
        "signed": profile.signed,
        "gaps": profile.gaps,
        "capacity": contracting.capacity(ctx, profile.doctors),
    }


def code_of(ctx: Context, team_id: UUID) -> Response:
    """A team's code as the image that WeChat drew; it stays the same, so a browser may keep it."""
    drawn = teams.team_code(ctx, teams.find(ctx, team_id))
    answer = Response(drawn, mimetype="image/jpeg" if drawn.startswith(JPEG) else "image/png")
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer


@api.get("")
@lists(TeamsQuery)
@gives(page_of(TeamSchema))
def of_institution(ctx: Context, *, wanted: Wanted, institution_id: UUID) -> Page[Shown]:
    """机构的家庭医生团队 · By name."""
    found = teams.profiles(ctx, [institution_id], wanted)
    return Page([shown(ctx, profile) for profile in found.items], found.next)


@api.get("/nearest")
@lists(PlaceSchema)
@gives(NearTeamSchema(many=True))
def nearest(ctx: Context, *, latitude: float, longitude: float) -> list[Shown]:
    """离我最近的团队 · The ten nearest that accept new residents; the place is not kept."""
    near = teams.nearest(ctx, latitude, longitude)
    return [{**shown(ctx, team), "metres": team.metres} for team in near]


@api.get("/<uuid:team_id>")
@gives(TeamSchema)
def team(ctx: Context, team_id: UUID) -> Shown:
    """团队介绍 · Its house and people."""
    return shown(ctx, teams.profile(ctx, team_id))
