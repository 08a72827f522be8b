"""Tables that the policy engine reads: services, regions, global condition keys, checks."""
