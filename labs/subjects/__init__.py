"""What several stages read, judge and show: the push, the VPC, the tasks.

A subject gets a bench and may import ``lesson`` and what lies below it; it knows no stage.
"""
