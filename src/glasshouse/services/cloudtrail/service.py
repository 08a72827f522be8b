"""CloudTrail: every call from outside is an event, that can be looked up and that trails write into buckets.

Differs from AWS: events can be looked up at once, but of the history only the last hundred thousand; log files come
exactly every five minutes. The events of an event data store are the history's; queries over them come with the SQL
engine.
"""

from glasshouse.core import Service, Table
from glasshouse.services.cloudtrail.delivery import Delivery
from glasshouse.services.cloudtrail.errors import InvalidNextTokenException
from glasshouse.services.cloudtrail.log_groups import LogGroups
from glasshouse.services.cloudtrail.lookup import Lookup
from glasshouse.services.cloudtrail.records import Digest, DigestKey, EventDataStore, LogFile, Trail
from glasshouse.services.cloudtrail.selectors import Selectors
from glasshouse.services.cloudtrail.stores import Stores
from glasshouse.services.cloudtrail.trails import Trails


class CloudTrail(Trails, Selectors, Lookup, Delivery, LogGroups, Stores, Service):
    name = "cloudtrail"
    invalid_page_token = InvalidNextTokenException
    trails = Table(Trail, key="name")
    log_files = Table(LogFile, key=("trail_name", "s3_object"))
    digests = Table(Digest, key=("trail_name", "region"))
    digest_keys = Table(DigestKey, key="fingerprint")
    stores = Table(EventDataStore, key="event_data_store_arn")
