package sqlite_test

import (
	"context"
	"database/sql/driver"
	"errors"
)

// errDeaf, from a hook, is not passed on: the statement is left out in silence.
var errDeaf = errors.New("left out")

// hook sees each statement, and runs it or not.
type hook func(query string, run func() error) error

// connector opens connections whose statements go through a hook, if there is one.
type connector struct {
	driver driver.Driver
	dsn    string
	hook   hook
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.dsn)
	if err != nil || c.hook == nil {
		return conn, err
	}
	return hooked{conn, c.hook}, nil
}

type hooked struct {
	driver.Conn
	hook hook
}

func (h hooked) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (res driver.Result, err error) {
	err = h.hook(query, func() error {
		res, err = h.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
		return err
	})
	if err == errDeaf {
		return driver.ResultNoRows, nil
	}
	return res, err
}

func (h hooked) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = h.hook(query, func() error {
		rows, err = h.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
		return err
	})
	if err == errDeaf {
		return h.Conn.(driver.QueryerContext).QueryContext(ctx, "SELECT 1", nil)
	}
	if err != nil && rows != nil {
		rows.Close()
		rows = nil
	}
	return rows, err
}

func (h hooked) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	s, err := h.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
	return hookedStmt{s, query, h.hook}, err
}

type hookedStmt struct {
	driver.Stmt
	query string
	hook  hook
}

func (s hookedStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (res driver.Result, err error) {
	err = s.hook(s.query, func() error {
		res, err = s.Stmt.(driver.StmtExecContext).ExecContext(ctx, args)
		return err
	})
	return res, err
}

func (s hookedStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (rows driver.Rows, err error) {
	err = s.hook(s.query, func() error {
		rows, err = s.Stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
		return err
	})
	if err != nil && rows != nil {
		rows.Close()
		rows = nil
	}
	return rows, err
}
