"""The runtimes: programs that run in the processes of functions."""
