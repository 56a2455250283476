"""The pages of openings, applications and exams."""
