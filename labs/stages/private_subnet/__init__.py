"""Stage 04: a task in a subnet without a way out, and one door opened after the other."""
