"""Tasks as the stages run and read them, and the trial task of the private subnet."""
