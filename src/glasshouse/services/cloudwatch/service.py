"""CloudWatch: what services and clients measure, its statistics, streams and alarms; dashboards; top contributors.

Differs from AWS: data can be read at once; a percentile of many different values is as exact as their first two digits.
Anomaly detectors, images of widgets, alarms on logs and metrics of other accounts are refused.
"""

from glasshouse.core import Service, Table
from glasshouse.services.cloudwatch.alarm_actions import AlarmActions
from glasshouse.services.cloudwatch.alarm_states import AlarmStates
from glasshouse.services.cloudwatch.alarms import Alarms
from glasshouse.services.cloudwatch.dashboards import Dashboards
from glasshouse.services.cloudwatch.data import Data
from glasshouse.services.cloudwatch.describing_alarms import DescribingAlarms
from glasshouse.services.cloudwatch.errors import InvalidParameterValueException
from glasshouse.services.cloudwatch.insight_rules import InsightRules
from glasshouse.services.cloudwatch.listing import Listing
from glasshouse.services.cloudwatch.metric_statistics import MetricStatistics
from glasshouse.services.cloudwatch.metric_streaming import MetricStreaming
from glasshouse.services.cloudwatch.metric_streams import MetricStreams
from glasshouse.services.cloudwatch.mute_rules import MuteRules
from glasshouse.services.cloudwatch.putting import Putting
from glasshouse.services.cloudwatch.readings import Readings
from glasshouse.services.cloudwatch.records import (
    CompositeAlarm,
    Dashboard,
    InsightRule,
    MetricAlarm,
    MetricStream,
    MuteRule,
)
from glasshouse.services.cloudwatch.retention import Retention
from glasshouse.services.cloudwatch.tagging import Tagging


class Cloudwatch(
    Putting, Listing, MetricStatistics, Data, Alarms, DescribingAlarms, AlarmStates, AlarmActions, Dashboards, Tagging,
    MetricStreams, MetricStreaming, InsightRules, MuteRules, Readings, Retention, Service,
):  # fmt: skip
    name = "cloudwatch"
    invalid_page_token = InvalidParameterValueException
    dashboards = Table(Dashboard, key="dashboard_name", scope="account")
    metric_alarms = Table(MetricAlarm, key="alarm_name")
    composite_alarms = Table(CompositeAlarm, key="alarm_name")
    metric_streams = Table(MetricStream, key="name")
    insight_rules = Table(InsightRule, key="name")
    mute_rules = Table(MuteRule, key="name")
