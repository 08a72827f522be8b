"""What can go wrong on the command line, and the exit code each gives.

0 it was done; 1 the cloud refused or failed; 2 the command line was not understood; 3 no cloud is running, or it is not
clear which one is meant; 4 the port or the data directory is taken.
"""


class Failure(Exception):
    """Its message is what the user reads."""

    exit_code = 1


class Misunderstood(Failure):
    exit_code = 2


class NotRunning(Failure):
    exit_code = 3


class Taken(Failure):
    exit_code = 4
