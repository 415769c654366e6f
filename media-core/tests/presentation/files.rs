use std::fmt as _;
