"""The lab's VPC: read from the account, its ways out judged by ``labs.network``, and what is shown of it."""
