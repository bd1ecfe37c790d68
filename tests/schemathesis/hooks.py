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
