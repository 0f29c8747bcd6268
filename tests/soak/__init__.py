"""The log's promises, tried for minutes (`make soak`), each beside a control that must fail. Short forms run in the suite."""
