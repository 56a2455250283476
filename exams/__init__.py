"""From applicant to expert: openings, applications, exams, qualifications."""
