"""Wire bytes into Python values and back, for every AWS protocol, from botocore's service models alone."""
