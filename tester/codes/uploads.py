"""Codes of uploads that cannot be graded (`tester.intake`): nothing of them is run."""

from labrpc.codes import Code, Kind

NOTHING_HANDED_IN = Code(
    "nothing-handed-in", Kind.REFUSAL, "There is nothing, or only an empty folder."
)
NO_PROGRAM = Code(
    "no-program", Kind.REFUSAL, "There is neither a Python file nor an archive."
)
NO_RAFT_FOUND = Code(
    "no-raft-found",
    Kind.REFUSAL,
    "A folder or an archive holds no raft/, no raft.py, and not just one Python file.",
)
SEVERAL_RAFTS = Code(
    "several-rafts", Kind.REFUSAL, "More than one folder holds a raft/ or a raft.py."
)
SEVERAL_ARCHIVES = Code(
    "several-archives", Kind.REFUSAL, "There are several archives, and no Raft beside."
)
UNSUPPORTED_ARCHIVE = Code(
    "unsupported-archive",
    Kind.REFUSAL,
    "It is an archive of a kind that the lab does not read, or not here.",
)
DAMAGED_ARCHIVE = Code(
    "damaged-archive", Kind.REFUSAL, "The archive cannot be unpacked."
)
EMPTY_ARCHIVE = Code("empty-archive", Kind.REFUSAL, "No file is in the archive.")
ENCRYPTED_ARCHIVE = Code(
    "encrypted-archive", Kind.REFUSAL, "The archive takes a password."
)
UNUSUAL_COMPRESSION = Code(
    "unusual-compression",
    Kind.REFUSAL,
    "The archive is compressed in a way whose use of memory the lab cannot limit.",
)
UPLOAD_TOO_LARGE = Code(
    "upload-too-large",
    Kind.REFUSAL,
    "There are more files or bytes than a submission may have.",
)
PATH_LEADS_OUT = Code(
    "path-leads-out",
    Kind.REFUSAL,
    "A name in the archive leads out of the folder it is unpacked to.",
)
LINK_IN_ARCHIVE = Code(
    "link-in-archive",
    Kind.REFUSAL,
    "There is a link or a device in the archive where a module could be.",
)
UPLOAD_IS_LINK = Code(
    "upload-is-link",
    Kind.REFUSAL,
    "What lies in the class's folder is a link: it could lead to anybody's program.",
)
UNREADABLE_UPLOAD = Code(
    "unreadable-upload", Kind.REFUSAL, "A file or folder cannot be read."
)
