"""What can be done: import a bank, apply, sit an exam, grade it, grant what it shows."""
