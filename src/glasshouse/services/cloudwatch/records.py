"""What CloudWatch keeps besides the data of metrics."""

from dataclasses import dataclass


@dataclass
class Dashboard:
    """A dashboard."""

    dashboard_name: str
    dashboard_arn: str
    dashboard_body: str
    last_modified: float
    size: int
