"""What outlives the process: the state folder, its owner, the journal of mutating calls, the checkpoint.

Door: ``folder.StateFolder`` takes the folder, ``replay.DurableStore`` runs calls so that they last, ``inspection``
looks for damage. docs/state.md says what survives what.
"""
