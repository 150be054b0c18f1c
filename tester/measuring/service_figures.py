"""The figures that are measured of a key/value service: names, units and meanings."""

from tester.measuring.figures import Figure

SERVICE_FIGURES = (
    Figure(
        "put_ms",
        "latency of a put",
        "ms",
        "From the call of put() until it returns, with one client, on a network without "
        "loss whose messages take 0.1 to 2 ms.",
    ),
    Figure(
        "get_ms",
        "latency of a get",
        "ms",
        "The same for get(). It goes through the log, too, so that it is never stale.",
    ),
    Figure(
        "five_clients_put_ms",
        "latency of a put, five clients",
        "ms",
        "The same while five clients put and get a key each.",
    ),
    Figure(
        "five_clients_get_ms",
        "latency of a get, five clients",
        "ms",
        "The same for get().",
    ),
    Figure(
        "snapshots_put_ms",
        "latency of a put, with snapshots",
        "ms",
        "With one client, while each server takes a snapshot whenever its saved Raft state "
        "has 1,000 bytes.",
    ),
    Figure(
        "outage_ms",
        "time without answers after the loss of the leader",
        "ms",
        "From the crash of a leader, at a random moment, until a put that is called at "
        "that moment has been performed.",
    ),
    Figure(
        "restart_ms",
        "time until all servers have recovered",
        "ms",
        "From the restart of all five servers, with 100 keys and no snapshots, until a get "
        "that is called at that moment returns.",
    ),
    Figure(
        "operations_per_s",
        "operations per second",
        "",
        "With one client, which puts and gets one operation after the other.",
        larger_is_better=True,
    ),
    Figure(
        "five_clients_operations_per_s",
        "operations per second, five clients",
        "",
        "With five clients, each with a key of its own.",
        larger_is_better=True,
    ),
    Figure(
        "operation_rpcs",
        "RPCs per operation",
        "",
        "Requests of the client and of all five servers, heartbeats among them, divided by "
        "the operations of one client.",
    ),
    Figure(
        "operation_bytes",
        "bytes per operation",
        "bytes",
        "Bytes of these requests and of their replies, divided by the operations.",
    ),
    Figure(
        "snapshots_state_bytes",
        "size of the saved Raft state, with snapshots",
        "bytes",
        "What the largest server has saved beside its snapshot after the puts of a batch.",
    ),
)
