"""Values that the document describes in words only."""

from datetime import datetime

import schemathesis
from hypothesis import strategies

INSTANTS = strategies.datetimes(min_value=datetime(1951, 1, 1), max_value=datetime(9998, 1, 1))
FORMS = ["%Y-%m-%d", "%d/%m/%Y", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S-04:00"]

schemathesis.openapi.format(
    "activation",
    strategies.builds(datetime.strftime, INSTANTS, strategies.sampled_from(FORMS)),
)

PARTS = [
    "lab", "-pc07", '"lab 01"', "00:1b:21:aa:bb:cc", "os:windows,linux", "-model:=Dell", "version:\"Windows 11\"",
    "ip:10.1.0.0/16", "mac:001b21aabbcc", "id:lab", "memory:<8g", "memory:4g..8g", "is:online", "seen:>7d",
    "created:2026-11", "age:>60mo", "activated:<2020", "has:model", "no:age",
    "tag:lab", "site:norte", "lifecycle:stock", "warranty:<90d", "purchased:2024", "activation_days:>9",
]

schemathesis.openapi.format("search", strategies.lists(strategies.sampled_from(PARTS), max_size=4).map(" ".join))
