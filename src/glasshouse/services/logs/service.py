"""CloudWatch Logs: groups of streams of events, which can be filtered, queried, followed, counted and passed on.

Differs from AWS: what is written can be read at once, and metrics and subscriptions see it at once; expired events go
within a day, not three; the KMS key of a group is checked and kept, while its events lie in the store as they came.
"""

from glasshouse.core import Service, Table
from glasshouse.services.logs.account_policies import AccountPolicies
from glasshouse.services.logs.destinations import Destinations
from glasshouse.services.logs.errors import InvalidParameterException
from glasshouse.services.logs.exports import Exports
from glasshouse.services.logs.filters import Filters
from glasshouse.services.logs.groups import Groups
from glasshouse.services.logs.policies import Policies
from glasshouse.services.logs.queries import Queries
from glasshouse.services.logs.records import (
    AccountPolicy,
    Destination,
    ExportTask,
    LogGroup,
    MetricFilter,
    Query,
    QueryDefinition,
    ResourcePolicy,
    SubscriptionFilter,
)
from glasshouse.services.logs.streams import StreamOperations
from glasshouse.services.logs.subscriptions import Subscriptions


class Logs(
    Groups, StreamOperations, Filters, Subscriptions, Destinations, Policies, AccountPolicies, Exports, Queries, Service
):  # fmt: skip
    name = "logs"
    invalid_page_token = InvalidParameterException
    groups = Table(LogGroup, key="log_group_name")
    metric_filters = Table(MetricFilter, key=("log_group_name", "filter_name"))
    subscription_filters = Table(SubscriptionFilter, key=("log_group_name", "filter_name"))
    destinations = Table(Destination, key="destination_name")
    policies = Table(ResourcePolicy, key="policy_name")
    account_policies = Table(AccountPolicy, key="policy_name")
    exports = Table(ExportTask, key="task_id")
    queries = Table(Query, key="query_id")
    definitions = Table(QueryDefinition, key="query_definition_id")
