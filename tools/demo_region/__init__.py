"""The demo region: institutions, people and their affairs, invented from one seed.

Only the institutions that the public articles print are named as printed; everything else bears
the mark 示例. Loading twice changes nothing.
"""

from tools.demo_region.load import RESIDENTS, SEED, load

__all__ = ["RESIDENTS", "SEED", "load"]
