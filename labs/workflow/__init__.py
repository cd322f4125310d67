"""A GitHub Actions workflow: read, judged without a run, really run on this machine, and its log explained.

Doors: ``document.parse`` (a workflow file as plain data), ``review.review`` (what is wrong with it, found without a
run), ``runner.run`` (act, with the kit as the token issuer), ``log_diagnosis.diagnose`` (why a run failed).
Knows no stage and no check; what a lab's workflow must hold besides is the stage's own question.
"""
