"""CloudWatch: what services and clients measure, statistics and expressions of it, and dashboards.

Differs from AWS: data can be read at once; a percentile of many different values is as exact as their first two digits.
Metric streams, anomaly detectors, Contributor Insights, images of widgets and metrics of other accounts are refused.
"""

from glasshouse.core import Service, Table
from glasshouse.services.cloudwatch.dashboards import Dashboards
from glasshouse.services.cloudwatch.data import Data
from glasshouse.services.cloudwatch.errors import InvalidParameterValueException
from glasshouse.services.cloudwatch.listing import Listing
from glasshouse.services.cloudwatch.metric_statistics import MetricStatistics
from glasshouse.services.cloudwatch.putting import Putting
from glasshouse.services.cloudwatch.readings import Readings
from glasshouse.services.cloudwatch.records import Dashboard
from glasshouse.services.cloudwatch.retention import Retention


class Cloudwatch(Putting, Listing, MetricStatistics, Data, Dashboards, Readings, Retention, Service):
    name = "cloudwatch"
    invalid_page_token = InvalidParameterValueException
    dashboards = Table(Dashboard, key="dashboard_name", scope="account")
