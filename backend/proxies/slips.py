"""授权回执: the paper a person without a phone takes home from the desk."""

from collections.abc import Collection

from backend.kernel.context import Scope
from backend.kernel.errors import ScopeNeeded
from backend.proxies.models import Mandate, State

_BEGINNINGS = {
    State.RECORDED: "已登记，等另一位工作人员见证后生效",
    State.ACTIVE: "已生效",
}


def slip(mandate: Mandate, person: str, family_member: str, scopes: Collection[Scope]) -> str:
    """Say in plain words who may do what until when, and how to stop it."""
    allowed = "、".join(ScopeNeeded.words[scope] for scope in scopes)
    kind = "监护人登记" if mandate.is_guardian else "家庭代办授权"
    standing = _BEGINNINGS.get(mandate.state, "已停止")
    return (
        f"{kind}回执：{person} 由{mandate.kinship.label} {family_member} 代办，{standing}。"
        f"可办：{allowed}。有效期：{mandate.starts_on} 至 {mandate.ends_on}。"
        "如要停止或更改，请带证件到社区窗口，当场生效。"
    )
