"""Boxes in processes of their own: for grading code that nobody trusts.

Three kinds of process, from the one that judges outwards:

- the judge runs the world and the checks; `zygote.Zygote` is its handle on the
  second, `process_box.ProcessBox` on each of the third kind;
- the zygote (`zygote_main`), one per submission, has everything imported and
  compiled, locks itself into the sandbox, and forks;
- a box (`box_main`), one per incarnation, runs the submission's code, stepped in
  lock-step over two pipes. A crash is a real SIGKILL.

The judge decodes what a box says against fixed types (`messages`), and checks what
they cannot express (`box_output`); what all boxes of a run take together, `run_limits`
bounds. It never loads or unpickles anything of a box's.
"""
