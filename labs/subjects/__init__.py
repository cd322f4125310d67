"""What several stages read, judge and show: the push, the VPC, the tasks."""
