"""What every surface calls: runs, questions, filters. Moves records, contains no formula."""
