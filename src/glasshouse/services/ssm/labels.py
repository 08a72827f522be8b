"""Labels: names of versions, which move from one version to another."""

import re

from glasshouse.services.ssm.errors import ParameterVersionLabelLimitExceeded
from glasshouse.services.ssm.records import Parameter

MOST_LABELS = 10
_LABEL = re.compile(r"(?!\d)(?!aws|ssm)[\w.\-]{1,100}", re.ASCII | re.IGNORECASE)


class Labels:
    """The operations on labels."""

    def label_parameter_version(self, name: str, labels: list[str], parameter_version: int | None = None):
        parameter = self._named(name)
        version = self._numbered(parameter, parameter_version or parameter.version)
        valid = [label for label in dict.fromkeys(labels) if _LABEL.fullmatch(label)]
        added = [label for label in valid if label not in version.labels]
        if len(version.labels) + len(added) > MOST_LABELS:
            raise ParameterVersionLabelLimitExceeded()
        self._take_away(parameter, added)
        version.labels += added
        self.history.put(version)
        if added:
            self._changed(parameter, "LabelParameterVersion")
        invalid = [label for label in labels if label not in valid]
        return {"InvalidLabels": invalid, "ParameterVersion": version.version}

    def unlabel_parameter_version(self, name: str, parameter_version: int, labels: list[str]):
        version = self._numbered(self._named(name), parameter_version)
        removed = [label for label in labels if label in version.labels]
        version.labels = [label for label in version.labels if label not in removed]
        self.history.put(version)
        return {"RemovedLabels": removed, "InvalidLabels": [label for label in labels if label not in removed]}

    def _take_away(self, parameter: Parameter, labels: list[str]):
        """A label is attached to one version only."""
        for version in self.history.list(parameter.path):
            kept = [label for label in version.labels if label not in labels]
            if kept != version.labels:
                version.labels = kept
                self.history.put(version)
