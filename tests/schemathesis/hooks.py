"""Values that the document describes in words only."""

from datetime import date, datetime

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

# Text that is kept as it is written, and stays different from others when case does not count.
WORDS = strategies.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789 áç_-'\"<>", min_size=1)
NAMES = WORDS.map(str.strip).filter(bool).map(lambda text: text[:50])
schemathesis.openapi.format("tag", NAMES)
schemathesis.openapi.format("choice", NAMES)
DAYS = strategies.dates(min_value=date(1951, 1, 1), max_value=date(9998, 1, 1))
schemathesis.openapi.format(
    "day",
    strategies.builds(date.strftime, DAYS, strategies.sampled_from(["%Y-%m-%d", "%d/%m/%Y"])),
)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Custom fields have the keys that somebody defined, which the document cannot know."""
    body = case.body
    for part in (body, body.get("set") if isinstance(body, dict) else None):
        if isinstance(part, dict) and isinstance(part.get("custom"), dict):
            part["custom"] = {}


@schemathesis.hook
def filter_case(context, case):
    """What is wrong only by a form that the document has in words, or stands in an address, where
    everything is text, need not be refused."""
    mutations = getattr(case.meta.phase.data, "mutations", ()) if case.meta else ()

    def is_wrong(mutation):
        in_address = mutation.parameter_location.value == "query" and mutation.keywords == ("type",)
        return not in_address and mutation.keywords != ("format",)

    return not mutations or any(map(is_wrong, mutations))
