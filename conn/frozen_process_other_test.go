//go:build !unix

package conn_test

const standInVariable = ""

func beStandIn() {}
