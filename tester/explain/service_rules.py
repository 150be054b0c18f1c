"""The rules of a service that an explanation of lab 3 names, by its code."""

SERVICE_CODES = {
    "answered-before-its-entry": "a request is answered once its own entry is applied, at "
    "the index that start returned; a get without an entry, once all that was committed "
    "before it is applied (section 8)",
    "answered-without-applying": "a put is answered with OK once its own entry has come "
    "out of apply_ch at the server that answers (section 8)",
    "applied-without-effect": "every server performs every entry, in the order of the "
    "log, whether it leads or not",
    "clerk-asks-one-server": "a clerk asks the next server when a call is lost, or a "
    "server does not lead",
    "clerk-changed-put": "a put is sent again as it was called: only its caller may "
    "choose another version",
    "clerk-did-not-ask": "only the log knows what a key holds: each get asks a server "
    "(section 8)",
    "clerk-waits-before-sending": "a clerk sends its request at once, to the server that "
    "led last; it pauses only after all have been asked in vain",
    "lost-in-snapshot": "a snapshot has all that was applied up to its index, versions "
    "too, and restore replaces the whole table with it (section 7)",
    "maybe-sent-once": "ErrMaybe is for a put that was sent more than once and then "
    "refused for its version",
    "performed-more-than-applied": "a request is performed when its entry comes out of "
    "apply_ch, once, and at no other moment",
    "read-without-log": "a get goes through the log, too, or its server asks a majority "
    "whether it still leads, and applies all that was committed before (section 8)",
    "refused-current-version": "a put that gives the version of the key succeeds, one that "
    "is refused changes nothing, and each is answered with what do_op returned for it",
    "refusal-taken-for-ok": "OK means that this put was performed; one that was sent "
    "again and then refused returns ErrMaybe",
    "returned-without-reply": "a request without a reply is sent again until there is one",
    "sent-again-not-maybe": "a put that was sent more than once and then refused for its "
    "version returns ErrMaybe: an earlier copy may have been performed, unless do_op knows "
    "each request again",
    "submitted-twice": "a request is given to Raft once each time that it arrives, unless "
    "do_op knows it again and returns what it returned before",
    "value-of-another-key": "an answer is that of the request's own operation, and each "
    "key has a value and a version of its own",
    "value-with-another-version": "a put that succeeds sets the value and raises the "
    "version; a get returns both as they are when its entry is applied",
    "version-not-compared": "the version is compared when the entry is applied, in the "
    "order of the log; a put that succeeds raises it by one, and is answered with what "
    "do_op returned for it",
    "waits-after-leadership": "a request whose server no longer leads the term in which it "
    "was given to Raft is answered with ErrWrongLeader, or when its entry is applied",
    "wrong-leader-though-leading": "ErrWrongLeader is for a server that does not lead, or "
    "for an entry that another one has replaced",
}
