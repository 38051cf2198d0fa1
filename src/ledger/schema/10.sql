-- CRC-32C of the whole content: what Google Cloud Storage keeps of an object. Of what earlier versions took over it is not known.
ALTER TABLE segment ADD COLUMN crc32c INTEGER;
