CREATE OR REPLACE MACRO search_fold(text) AS
    lower(strip_accents(translate(
        text,
        '０１２３４５６７８９ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯＰＱＲＳＴＵＶＷＸＹＺａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ',
        '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
    )));

COMMENT ON MACRO search_fold IS 'The text in small letters, without accents, full-width letters and digits made plain: what search compares';
