"""ListMetrics."""

from glasshouse.core.table import InvalidPageToken, make_token, read_token
from glasshouse.services.cloudwatch.errors import InvalidParameterValueException, MissingRequiredParameterException
from glasshouse.services.cloudwatch.readings import HOUR_S, LISTED_FOR_S, Metric, lacks

PAGE = 500
LONGEST_PLACE = 18  # digits
RECENT_S = 3 * HOUR_S


class Listing:
    """What metrics there are: those that got data in the last two weeks."""

    def list_metrics(
        self,
        namespace: str | None = None,
        metric_name: str | None = None,
        dimensions: list | None = None,
        next_token: str | None = None,
        recently_active: str | None = None,
        include_linked_accounts: bool = False,
        owning_account: str | None = None,
    ):
        _check_filters(dimensions, recently_active)
        self._refresh()
        if owning_account not in (None, self.call.account):
            return {"Metrics": []}
        since = self.now - (RECENT_S if recently_active else LISTED_FOR_S)
        wanted = [(dimension["Name"], dimension.get("Value")) for dimension in dimensions or ()]
        page: list[Metric] = []
        token = None
        for metric in self._metrics(namespace, metric_name, _place(next_token), since):
            if not all(_has(metric, name, value) for name, value in wanted):
                continue
            if len(page) == PAGE:
                token = make_token(f"metric {page[-1].id}")
                break
            page.append(metric)
        owners = [self.call.account] * len(page) if include_linked_accounts else None
        return {"Metrics": page, "NextToken": token, "OwningAccounts": owners}


def _check_filters(dimensions: list | None, recently_active: str | None):
    if recently_active not in (None, "PT3H"):
        raise InvalidParameterValueException(f"The value {recently_active} for parameter RecentlyActive is invalid.")
    if missing := lacks(dimensions, parts=("Name",)):
        raise MissingRequiredParameterException("\n".join(missing))
    if len(dimensions or ()) > 10:
        raise InvalidParameterValueException("The collection Dimensions must not have a size greater than 10.")


def _has(metric: Metric, name: str, value: str | None) -> bool:
    return any(known == name and value in (None, content) for known, content in metric.pairs)


def _place(token: str | None) -> int:
    """The number of the metric after which a page begins."""
    try:
        word, _, number = read_token(token).partition(" ")
    except InvalidPageToken:
        word = number = ""
    if token and (word != "metric" or not number.isdecimal() or len(number) > LONGEST_PLACE):
        raise InvalidParameterValueException("Request parameter NextToken is invalid")
    return int(number or 0)
