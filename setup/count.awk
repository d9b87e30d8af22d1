# Adds up the counts of cargo's own test runner, which prints one for each file.
{ print; fflush() }
/^test result:/ { passed += $4; failed += $6; ignored += $8 }
END { printf "all tests: %d passed, %d failed, %d ignored\n", passed, failed, ignored }
