module github.com/resclient/resclient-go

go 1.26.0
