// Command program is not listed.
package main

func Main() {}

func main() {}
