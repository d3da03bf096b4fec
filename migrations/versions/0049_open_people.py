"""Nothing new for who has died or withdrew: waiting lists, draws and paper cards as well."""

from alembic import op

revision = "0049"
down_revision = "0048"

UP = """
CREATE TRIGGER open_person BEFORE INSERT ON waiting_entry
  FOR EACH ROW EXECUTE FUNCTION open_person();
CREATE TRIGGER open_person BEFORE INSERT ON lottery_entry
  FOR EACH ROW EXECUTE FUNCTION open_person();
CREATE TRIGGER open_person BEFORE INSERT ON paper_card
  FOR EACH ROW EXECUTE FUNCTION open_person();
"""
DOWN = """
DROP TRIGGER open_person ON paper_card;
DROP TRIGGER open_person ON lottery_entry;
DROP TRIGGER open_person ON waiting_entry;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """A request under way could enter who is closed, as before."""
    op.execute(DOWN)
