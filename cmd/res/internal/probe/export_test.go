package probe

// Ask is tunnel: the proxy itself is from the environment, which a test cannot change.
var Ask = tunnel
