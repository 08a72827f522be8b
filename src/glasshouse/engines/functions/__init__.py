"""Running other people's functions: sandboxed processes that are kept warm and spoken to by the Lambda Runtime API.

    sandbox = choose_sandbox(scratch)                  # the best isolation that this machine has
    environment = Environment(sandbox, groups, now)
    start = await environment.start(program, 10.0)     # a process, until it asks for its first invocation
    end = await environment.invoke(invocation)         # how the invocation ended
    environment.take_lines()                           # what it printed
    environment.close()

An environment knows no cloud: it is given a command, folders, variables and limits, and gives back results, events of
output and timings. It lives on the running asyncio loop. Linux only.
"""
